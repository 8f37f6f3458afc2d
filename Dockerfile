# One image for every process: `serve`, `worker` and the commands. See "In containers" in the README.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt && useradd --system --home-dir /app onboarding \
    && mkdir data && chown onboarding data
COPY app.py LICENSE ./
COPY onboarding onboarding
COPY templates templates
COPY manifest manifest
USER onboarding
EXPOSE 3978
ENTRYPOINT ["python", "app.py"]
CMD ["serve"]
