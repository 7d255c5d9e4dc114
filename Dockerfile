# Pilothouse without the sandbox. The image writes nowhere but to /var/lib/pilothouse (state: a volume) and /tmp,
# so it runs with a read-only root file system:
#
#   docker run --read-only --tmpfs /tmp -v pilothouse:/var/lib/pilothouse \
#     -v ./config:/etc/pilothouse:ro -e TELEGRAM_TOKEN pilothouse
#
# In the configuration: `store: sqlite:////var/lib/pilothouse/pilothouse.db`.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/pilothouse
WORKDIR /src
# The dependencies change less often than the code: their layer is built first, from hashes alone.
COPY requirements/run.txt requirements/dev.txt requirements/
RUN /opt/pilothouse/bin/pip install --require-hashes --only-binary=:all: -r requirements/run.txt
# The build backend is held to the version and the hashes that the lock for development has.
RUN sed -n '/^setuptools==/,/^    #/p' requirements/dev.txt > build.txt \
 && pip install --require-hashes --only-binary=:all: -r build.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY handlers handlers
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/pilothouse/bin/pip install --no-deps --no-index /wheels/*.whl \
 && rm -r /opt/pilothouse/lib/python3.11/site-packages/pip /opt/pilothouse/lib/python3.11/site-packages/pip-*

FROM python:3.11-slim-bookworm
# git reads what is new between two versions; the certificates are for registries, clusters and Telegram.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/pilothouse
COPY --from=build /opt/pilothouse /opt/pilothouse
ENV PATH=/opt/pilothouse/bin:$PATH HOME=/var/lib/pilothouse PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PILOTHOUSE_HEALTH=http://127.0.0.1:8081/healthz
USER 10001:10001
WORKDIR /var/lib/pilothouse
VOLUME ["/var/lib/pilothouse"]
EXPOSE 8081
# `listen` in the configuration decides the port; with another one, set PILOTHOUSE_HEALTH too.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(os.environ['PILOTHOUSE_HEALTH'], timeout=4)"]
ENTRYPOINT ["pilothouse"]
CMD ["run", "--config", "/etc/pilothouse/config.yaml"]
