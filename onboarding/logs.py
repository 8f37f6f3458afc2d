"""Logs: one line of JSON for each event, on stderr, so that stdout stays for results."""

import logging
import sys

import structlog


def configure(level: str, *, readable: bool = False) -> None:
    """Send structlog and the standard library's logging to stderr.

    `readable` is for a person at a terminal; otherwise every line is one JSON object. Tracebacks
    are without local variables: those would hold people's data.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shape: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if readable:
        plain = structlog.dev.plain_traceback
        shape = structlog.dev.ConsoleRenderer(exception_formatter=plain)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, *([] if readable else [structlog.processors.format_exc_info]), shape],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=shape, foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(number, logging.WARNING))
    logging.getLogger("azure").setLevel(logging.ERROR)
