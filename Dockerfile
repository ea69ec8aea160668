# The gateway alone, as a user without rights. The root file system may be read-only:
#   docker run --read-only --cap-drop ALL -p 127.0.0.1:8080:8080 dicom-qr-gateway
# Give it longer to stop than GRACEFUL_TIMEOUT (30 s): docker stop --time 40

FROM python:3.13-slim AS build
WORKDIR /src
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY dicom_qr_gateway dicom_qr_gateway
RUN python -m venv /opt/gateway
RUN /opt/gateway/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="DICOM QR Gateway" \
      org.opencontainers.image.description="A REST gateway in front of hospital PACS" \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --no-create-home --shell /usr/sbin/nologin --uid 10001 gateway
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    BIND=0.0.0.0:8080
WORKDIR /
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# Not by urllib: it would follow the http_proxy of the hospital.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import http.client, os; connection = http.client.HTTPConnection('127.0.0.1', int(os.environ['BIND'].rpartition(':')[2]), timeout=4); connection.request('GET', os.environ.get('SCRIPT_NAME', '') + '/health'); raise SystemExit(connection.getresponse().status != 200)"]
CMD ["gunicorn", "--config", "python:dicom_qr_gateway.gunicorn_config"]
