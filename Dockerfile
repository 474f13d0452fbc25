# The image of Tidegate: the worker by default, any verb of `tidegate` with another entry point.
#
# What is installed is what requirements*.txt pin by hash, as wheels: nothing is compiled here, and nothing that builds
# or tests is in the image that comes out.

FROM python:3.11.15-slim-bookworm AS wheel
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv .venv
COPY requirements.txt ./
# As `make .venv/.ready` does: hatchling, which builds ours, is pinned there like the rest.
RUN .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml LICENSE worker.py ./
COPY tidegate tidegate
COPY store store
COPY activities activities
COPY workflows workflows
COPY rehearsal rehearsal
COPY cli cli
COPY desk desk
RUN .venv/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

FROM python:3.11.15-slim-bookworm AS installed
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/tidegate
COPY requirements-run.txt /build/
RUN pip --python /opt/tidegate/bin/python install --quiet --require-hashes --only-binary :all: -r /build/requirements-run.txt
COPY --from=wheel /build/dist /build/dist
RUN pip --python /opt/tidegate/bin/python install --quiet --no-deps --no-index /build/dist/*.whl

FROM python:3.11.15-slim-bookworm
# It needs no package manager, and nobody logs in to it.
RUN pip uninstall --yes --quiet pip setuptools wheel \
 && groupadd --gid 10001 tidegate \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/tidegate --shell /usr/sbin/nologin tidegate \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/tidegate \
 && install --directory /srv/tidegate
COPY --from=installed /opt/tidegate /opt/tidegate
ENV PATH=/opt/tidegate/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TIDEGATE_HOME=/var/lib/tidegate
WORKDIR /srv/tidegate
USER 10001:10001
ENTRYPOINT ["tidegate-worker"]
