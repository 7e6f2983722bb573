# One image for every service: the same libraries and the same code; docker-compose.yml says which one runs.

FROM python:3.13-slim AS libraries
COPY requirements/services.txt /requirements.txt
# Wheels alone, each with its hash: no compiler is needed, and nothing but what was locked gets in.
RUN python -m venv --without-pip /libraries \
 && python -m pip --python /libraries/bin/python install --require-hashes --only-binary :all: --no-cache-dir \
    --disable-pip-version-check --requirement /requirements.txt

FROM python:3.13-slim
# A number and no name: nothing in this image belongs to it, so a service can change nothing of itself.
ARG SHOP_USER=10001:10001
ENV PATH=/libraries/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
COPY --from=libraries /libraries /libraries
WORKDIR /shop
COPY . .
# Compiled once here and not at each start: the containers have no place to write to.
RUN python -m compileall -q .
USER $SHOP_USER
