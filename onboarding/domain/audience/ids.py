"""Who somebody is: object ids, addresses and employee ids as HR writes them."""

import re
import uuid

from onboarding.domain.audience.wording import quoted
from onboarding.errors import BadInput

MAX_EMPLOYEE_ID = 16  # employeeId: https://learn.microsoft.com/graph/api/resources/user
MAX_ADDRESS = 113  # 64 before the @ and 48 behind it, userPrincipalName on the same page

OBJECT_ID = r"[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}"
# A mailbox may have + & * too; Entra refuses them in a sign-in name, but finds people by mail.
ADDRESS = re.compile(
    r"[A-Za-z0-9_!#$%&'*/?^`{|}~](?:[A-Za-z0-9._!#$%&'*+/?^`{|}~-]{0,62}[A-Za-z0-9_!#$%&'*+/?^`{|}~-])?"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
# The first that fits says what is wrong with an address, and what to write instead.
FAULTS = (
    (r"(?i)mailto:.*", "is a link", "Write {instead}."),
    (r".*＠.*", "has a full-width ＠", "Write {instead}."),
    (OBJECT_ID, "is an object id", "Put it into the column aad_object_id."),
    (r"[^@]*", "has no @", "Write it in full, such as anna@contoso.com."),
    (r".*@.*@.*", "has more than one @", "Write one address, one person per row."),
    (r".*\s.*", "contains a space", "Write one address without spaces."),
    (r"@.*", "has nothing before the @", "Write it in full, such as anna@contoso.com."),
    (r".*@", "has no domain behind the @", "Add the domain, such as contoso.com."),
    (r".*[.,;:]", 'ends in "{last}"', "Write {instead}."),
    (r".*[^\x00-\x7f].*", 'contains "{foreign}"', "Use plain letters, as at sign-in."),
    (r".*@[^.]*", "has no full domain", "Add the ending, such as .com."),
    (r".*\.\..*", "has two dots in a row", "Delete one of them."),
    (
        rf".{{{MAX_ADDRESS + 1},}}",
        f"is longer than {MAX_ADDRESS} characters",
        "Use the sign-in name.",
    ),
    (r".*", "is not a valid address", "Copy it from the person's page in Entra or Outlook."),
)


def read_object_id(text: str) -> str:
    """A user's Entra object id in lower case, with or without braces and hyphens around."""
    _refuse_formula(text)
    if "@" in text:
        raise BadInput(
            f"{quoted(text, 60)} is an address, not an object id.", "Put it into the column upn."
        )
    if not re.fullmatch(rf"\{{?{OBJECT_ID}\}}?", text):
        raise BadInput(
            f"{quoted(text, 60)} is not an object id.",
            "Copy the Object ID from the person's page in Entra; it has 36 characters such as"
            " 87d349ed-44d7-43e1-9a83-5f2406dee5bd.",
        )
    guid = uuid.UUID(text)
    if not guid.int:
        raise BadInput(
            "The object id is all zeros.", "Copy the Object ID from the person's page in Entra."
        )
    return str(guid)


def read_employee_id(text: str) -> str:
    """An employee id as it stands; one that Excel turned into a number is refused."""
    _refuse_formula(text)
    if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", text, re.IGNORECASE):
        raise BadInput(
            f"Excel has shortened the employee id to {quoted(text)}.",
            "Format the column as text, enter the id again and save the file again.",
        )
    if len(text) > MAX_EMPLOYEE_ID:
        raise BadInput(
            f"The employee id has {len(text)} characters; Microsoft 365 keeps {MAX_EMPLOYEE_ID}.",
            "Shorten it, or put it into a column named x_employee_id.",
        )
    return text


def read_address(text: str, label: str) -> str:
    """A sign-in name or e-mail address in lower case; "Anna Berg <anna@contoso.com>" is unwrapped.

    The letters a userPrincipalName may have: https://learn.microsoft.com/graph/api/resources/user
    """
    boxed = re.fullmatch(r"[^<>@]*<([^<>\s]+)>", text)
    address = boxed[1] if boxed else text
    if len(address) > MAX_ADDRESS or ".." in address or not ADDRESS.fullmatch(address):
        _refuse_formula(address)
        problem, remedy = _explain(address)
        raise BadInput(f"The {label} {quoted(text, 60)} {problem}.", remedy)
    return address.lower()


def _explain(address: str) -> tuple[str, str]:
    problem, remedy = next(
        (problem, remedy)
        for pattern, problem, remedy in FAULTS
        if re.fullmatch(pattern, address, re.DOTALL)
    )
    foreign = next((char for char in address if not char.isascii()), "")
    words = {"last": address[-1], "foreign": foreign, "instead": _instead(address)}
    return problem.format_map(words), remedy.format_map(words)


def _instead(address: str) -> str:
    """The address that was probably meant."""
    bare = re.sub(r"^mailto:|\?.*|\s", "", address.replace("＠", "@"), flags=re.I | re.S)
    guess = bare.rstrip(".,;:").lower()
    return guess if ADDRESS.fullmatch(guess) else "the plain address"


def _refuse_formula(text: str) -> None:
    if text[0] in "=+-@":
        raise BadInput(
            f"{quoted(text)} looks like a formula.", "Write the value itself into the cell."
        )
