"""The resolved settings: frozen values with their sources, one module per subject."""

from krm_otel.config.placement import Mode as Mode
from krm_otel.config.provenance import DEFAULT as DEFAULT
from krm_otel.config.provenance import Origin as Origin
from krm_otel.config.provenance import Source as Source
from krm_otel.config.provenance import Sourced as Sourced
from krm_otel.config.settings.collector import CollectorSettings as CollectorSettings
from krm_otel.config.settings.collector import GatewaySettings as GatewaySettings
from krm_otel.config.settings.collector import NodeCollector as NodeCollector
from krm_otel.config.settings.collector import Resources as Resources
from krm_otel.config.settings.configuration import Configuration as Configuration
from krm_otel.config.settings.configuration import KindPath as KindPath
from krm_otel.config.settings.configuration import Monitoring as Monitoring
from krm_otel.config.settings.configuration import PlatformComponent as PlatformComponent
from krm_otel.config.settings.destinations import Endpoint as Endpoint
from krm_otel.config.settings.destinations import ExporterKind as ExporterKind
from krm_otel.config.settings.destinations import FileSource as FileSource
from krm_otel.config.settings.destinations import Header as Header
from krm_otel.config.settings.destinations import ServerTls as ServerTls
from krm_otel.config.settings.destinations import Target as Target
from krm_otel.config.settings.destinations import Tls as Tls
from krm_otel.config.settings.oaas_class import Deltas as Deltas
from krm_otel.config.settings.oaas_class import Function as Function
from krm_otel.config.settings.oaas_class import OaasClass as OaasClass
from krm_otel.config.settings.oaas_class import Requirements as Requirements
from krm_otel.config.settings.oaas_class import Settings as Settings
