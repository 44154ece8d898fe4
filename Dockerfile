# The Python version that the tests run on. The minor version and the Debian release are fixed; a
# rebuild brings their security fixes. To fix the image to the byte as well, give its digest:
#   docker buildx imagetools inspect python:3.11-slim-trixie --format '{{.Manifest.Digest}}'
#   docker build --build-arg PYTHON=python:3.11-slim-trixie@sha256:… .
ARG PYTHON=python:3.11-slim-trixie
FROM ${PYTHON} AS build
WORKDIR /srv/needlework
# With the extras `pdf` and `cjk`: charts and letters, and a font for Chinese, Japanese and Korean names.
COPY requirements-image.lock ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --only-binary :all: \
        --require-hashes --requirement requirements-image.lock \
    && rm requirements-image.lock
COPY LICENSE NOTICE alembic.ini ./
COPY migrations migrations
COPY app app
# The account that runs the app cannot write here, so compile the bytecode now.
RUN python -m compileall -q app migrations

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Needlework" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin needlework \
    && install --directory --owner needlework --mode 0700 /srv/needlework/var
WORKDIR /srv/needlework
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/needlework ./
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
# A number, so that a cluster can check that it is not root.
USER 10001
EXPOSE 8000
# Not urllib: it would use a proxy that the environment names.
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client, sys; c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/readyz'); sys.exit(c.getresponse().status != 200)"]
CMD ["python", "-m", "app", "serve", "--host", "0.0.0.0", "--port", "8000"]
