"""The figures of `core.metric` as Prometheus reads them: text, format 0.0.4."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family

from opla.core.metric import METRICS, Kind, Metric, Source

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


class Sample(Protocol):
    @property
    def metric(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def value(self) -> float: ...


class _Collected:
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families


def text(samples: Sequence[Sample] | None, counted: Iterable[Family], *, version: str, sandbox: bool) -> bytes:
    """All of it. `samples` are the database's, None where it did not answer; `counted` is what the processes say."""
    registry = CollectorRegistry()
    registry.register(_Collected([*_own(samples, version, sandbox), *_of_database(samples or ()), *counted]))
    return generate_latest(registry)


def _own(samples: Sequence[Sample] | None, version: str, sandbox: bool) -> Iterator[Family]:
    said: dict[str, tuple[list[str], int]] = {
        "opla_build_info": ([version], 1),
        "opla_sandbox": ([], int(sandbox)),
        "opla_database_up": ([], int(samples is not None)),
    }
    for name, (labels, value) in said.items():
        family = GaugeMetricFamily(name, METRICS[name].told, labels=METRICS[name].labels)
        family.add_metric(labels, value)
        yield family


def _of_database(samples: Iterable[Sample]) -> Iterator[Family]:
    by_name: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_name[sample.metric].append(sample)
    for name, metric in METRICS.items():
        if metric.source is Source.DATABASE and (found := by_name.get(name)):
            yield _family(name, metric, found)


def _family(name: str, metric: Metric, samples: Sequence[Sample]) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        return _histogram(name, metric, samples)
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(name, metric.told, labels=metric.labels)
    for sample in sorted(samples, key=lambda one: one.labels):
        family.add_metric(sample.labels, sample.value)
    return family


def _histogram(name: str, metric: Metric, samples: Sequence[Sample]) -> Family:
    """Of each, the last label is the upper edge of a bucket, or `sum`."""
    family = HistogramMetricFamily(name, metric.told, labels=metric.labels)
    of: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for sample in samples:
        of[sample.labels[:-1]][sample.labels[-1]] = sample.value
    for labels, values in sorted(of.items()):
        total = values.pop("sum", 0.0)
        buckets = sorted(values.items(), key=lambda one: float(one[0]))
        family.add_metric(labels, [(str(float(edge)) if edge != "+Inf" else edge, n) for edge, n in buckets], total)
    return family
