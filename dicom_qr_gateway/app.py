"""The application factory: the table of contents of the gateway."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from dicom_qr_gateway import afterwards, correlation, log
from dicom_qr_gateway.blueprints import (
    cors,
    dicom_web,
    docs,
    echo,
    pacs,
    query,
    retrieve,
    system,
)
from dicom_qr_gateway.blueprints.application import Application
from dicom_qr_gateway.blueprints.openapi import Api
from dicom_qr_gateway.blueprints.security import Secured
from dicom_qr_gateway.config import Settings
from dicom_qr_gateway.dicom.bulkheads import Bulkheads
from dicom_qr_gateway.dicom.pool import Pool
from dicom_qr_gateway.lifecycle import Lifecycle
from dicom_qr_gateway.pacs_config import association_limits, pacs_directory
from dicom_qr_gateway.prefix import UnderPrefix
from dicom_qr_gateway.services.echo import EchoService
from dicom_qr_gateway.services.qido import QidoService
from dicom_qr_gateway.services.query import QueryService
from dicom_qr_gateway.services.retrieve import RetrieveService

# In the order of the documentation.
BLUEPRINTS = (
    query.blueprint,
    retrieve.blueprint,
    dicom_web.blueprint,
    pacs.blueprint,
    echo.blueprint,
    system.blueprint,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the gateway.

    Args:
        settings: every option; by default the environment's.

    Raises:
        ConfigurationError: an environment variable, or PACS_CONFIG's file, is not accepted.
    """
    settings = settings or Settings.from_environ()
    log.configure(settings)

    app = Application()
    afterwards.init_app(app)
    correlation.init_app(app)
    log.init_app(app)
    cors.init_app(app, settings.cors_origins)

    lifecycle = Lifecycle(settings.drain_seconds, settings.graceful_timeout)
    bulkheads = Bulkheads(settings.limits, settings.web_threads)
    directory = pacs_directory(settings)
    stated = association_limits(directory.all, settings.max_associations_per_pacs)
    pool = Pool(settings.limits, lifecycle.stop, bulkheads, settings.policy, stated)
    queries = QueryService(pool)
    retrieves = RetrieveService(pool, queries)
    app.extensions.update(
        lifecycle=lifecycle,
        bulkheads=bulkheads,
        pacs=directory,
        echoes=EchoService(pool),
        queries=queries,
        retrieves=retrieves,
        searches=QidoService(pool),
    )

    api = Api(app)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs.blueprint)

    app.wsgi_app = Secured(app.wsgi_app)  # type: ignore[method-assign]
    if settings.script_name:
        app.wsgi_app = UnderPrefix(app.wsgi_app, settings.script_name)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops
        )
    return app
