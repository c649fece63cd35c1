"""Estimators that look at the features alone: groups, densities, what is unusual, and fewer columns."""

from __future__ import annotations

from typing import Any

from .entry import Choice, Entry, Real, Whole

_GROUPS = Whole(2, 12)
_COMPONENTS = Whole(2, 8)


def _group(name: str, of: str, **more: Any) -> Entry:
    return Entry(name=name, of=f"sklearn.cluster.{of}", category="clustering", task="clustering", **more)


def _density(name: str, of: str, category: str, **more: Any) -> Entry:
    return Entry(name=name, of=f"sklearn.{of}", category=category, task="density", **more)


def _anomaly(name: str, of: str, **more: Any) -> Entry:
    return Entry(name=name, of=f"sklearn.{of}", category="anomaly", task="anomaly", **more)


def _columns(name: str, of: str, category: str = "decomposition", fixed: dict[str, Any] | None = None, **more: Any) -> Entry:
    more.setdefault("space", {"n_components": _COMPONENTS})
    return Entry(
        name=name,
        of=f"sklearn.{of}",
        category=category,
        task="decomposition",
        fixed={"n_components": 3} | (fixed or {}),
        **more,
    )


UNSUPERVISED: tuple[Entry, ...] = (
    _group("k-means", "KMeans", served="onnx", fixed={"n_clusters": 4, "n_init": 3}, space={"n_clusters": _GROUPS}),
    _group("k-means-by-parts", "MiniBatchKMeans", served="onnx", fixed={"n_clusters": 4, "n_init": 3}, space={"n_clusters": _GROUPS}),
    _group("k-means-by-halves", "BisectingKMeans", served="endpoint", fixed={"n_clusters": 4}, space={"n_clusters": _GROUPS}),
    _group("birch", "Birch", served="endpoint", fixed={"n_clusters": 4, "threshold": 1.0}, space={"n_clusters": _GROUPS}),
    _group(
        "affinity-propagation",
        "AffinityPropagation",
        served="endpoint",
        cost="high",
        most_rows=400,
        fixed={"preference": -300.0, "max_iter": 400},
        space={"damping": Real(0.5, 0.95)},
    ),
    _group(
        "mean-shift",
        "MeanShift",
        served="endpoint",
        cost="high",
        most_rows=300,
        fixed={"bandwidth": 3.0, "bin_seeding": True},
        space={"bandwidth": Real(1.0, 6.0)},
    ),
    # These say nothing of a row that they were not fitted on.
    _group(
        "merged-groups",
        "AgglomerativeClustering",
        served="batch-to-lake",
        most_rows=800,
        fixed={"n_clusters": 4},
        space={"n_clusters": _GROUPS, "linkage": Choice(("ward", "average", "complete"))},
    ),
    _group(
        "spectral-groups",
        "SpectralClustering",
        served="batch-to-lake",
        cost="high",
        most_rows=400,
        fixed={"n_clusters": 4, "affinity": "nearest_neighbors"},
        space={"n_clusters": _GROUPS},
    ),
    _group(
        "density-groups",
        "DBSCAN",
        served="batch-to-lake",
        most_rows=800,
        fixed={"eps": 2.0, "min_samples": 10},
        space={"eps": Real(0.5, 5.0), "min_samples": Whole(3, 50)},
    ),
    _group(
        "density-groups-by-level",
        "HDBSCAN",
        served="batch-to-lake",
        most_rows=800,
        fixed={"min_cluster_size": 5, "copy": True},
        space={"min_cluster_size": Whole(5, 100)},
    ),
    _group(
        "ordered-density-groups",
        "OPTICS",
        served="batch-to-lake",
        cost="high",
        most_rows=500,
        fixed={"min_samples": 20},
        space={"min_samples": Whole(5, 100)},
    ),
    _density(
        "gaussian-mixture",
        "mixture.GaussianMixture",
        "mixture",
        served="onnx",
        fixed={"n_components": 3},
        space={"n_components": _GROUPS},
    ),
    _density(
        "bayesian-mixture",
        "mixture.BayesianGaussianMixture",
        "mixture",
        served="onnx",
        fixed={"n_components": 4, "max_iter": 300},
        space={"n_components": _GROUPS},
    ),
    _density(
        "kernel-density",
        "neighbors.KernelDensity",
        "density",
        served="endpoint",
        cost="middle",
        most_rows=1_500,
        fixed={"bandwidth": 0.8},
        space={"bandwidth": Real(0.2, 2.0, log=True)},
    ),
    _density(
        "covariance",
        "covariance.EmpiricalCovariance",
        "covariance",
        served="batch-to-lake",
        space={"assume_centered": Choice((False, True))},
    ),
    _density("shrunk-covariance", "covariance.ShrunkCovariance", "covariance", served="batch-to-lake", space={"shrinkage": Real(0.0, 1.0)}),
    _density(
        "ledoit-wolf",
        "covariance.LedoitWolf",
        "covariance",
        served="batch-to-lake",
        space={"assume_centered": Choice((False, True))},
    ),
    _density("oracle-shrinkage", "covariance.OAS", "covariance", served="batch-to-lake", space={"assume_centered": Choice((False, True))}),
    _density(
        "graphical-lasso",
        "covariance.GraphicalLasso",
        "covariance",
        served="batch-to-lake",
        fixed={"alpha": 0.05},
        space={"alpha": Real(1e-3, 0.5, log=True)},
    ),
    _density(
        "robust-covariance",
        "covariance.MinCovDet",
        "covariance",
        served="batch-to-lake",
        cost="middle",
        fixed={"support_fraction": 0.8},
        space={"support_fraction": Real(0.5, 1.0)},
    ),
    _anomaly(
        "isolation-forest",
        "ensemble.IsolationForest",
        served="onnx",
        scaling="none",
        cost="middle",
        fixed={"n_estimators": 40, "max_samples": 256},
        space={"n_estimators": Whole(20, 300, log=True), "max_samples": Whole(64, 1_024, log=True)},
    ),
    _anomaly(
        "local-outliers",
        "neighbors.LocalOutlierFactor",
        served="onnx",
        cost="middle",
        most_rows=1_500,
        fixed={"novelty": True, "n_neighbors": 40},
        space={"n_neighbors": Whole(5, 100)},
    ),
    # A new row may lie so near the boundary that float32 puts it on the other side: of 1,200 rows of gold, one did.
    _anomaly("one-class-vectors", "svm.OneClassSVM", served="endpoint", most_rows=1_500, fixed={"nu": 0.1}, space={"nu": Real(0.01, 0.5)}),
    _anomaly("one-class-gradient", "linear_model.SGDOneClassSVM", served="onnx", fixed={"nu": 0.1}, space={"nu": Real(0.01, 0.5)}),
    _anomaly(
        "elliptic-envelope",
        "covariance.EllipticEnvelope",
        served="endpoint",
        cost="middle",
        fixed={"contamination": 0.05},
        space={"contamination": Real(0.01, 0.3)},
    ),
    _columns("principal-components", "decomposition.PCA", served="onnx"),
    _columns("principal-components-by-parts", "decomposition.IncrementalPCA", served="onnx"),
    _columns("sparse-principal-components", "decomposition.SparsePCA", served="endpoint", cost="middle", fixed={"max_iter": 100}),
    _columns(
        "sparse-principal-components-by-parts",
        "decomposition.MiniBatchSparsePCA",
        served="endpoint",
        cost="middle",
        fixed={"max_iter": 30},
    ),
    _columns("truncated-values", "decomposition.TruncatedSVD", served="onnx"),
    _columns("factor-analysis", "decomposition.FactorAnalysis", served="endpoint"),
    _columns("independent-components", "decomposition.FastICA", served="endpoint", fixed={"max_iter": 500}),
    _columns("nonnegative-parts", "decomposition.NMF", served="endpoint", scaling="unit", fixed={"max_iter": 300}),
    _columns("nonnegative-parts-by-batch", "decomposition.MiniBatchNMF", served="endpoint", scaling="unit", fixed={"max_iter": 30}),
    _columns(
        "dictionary",
        "decomposition.DictionaryLearning",
        served="endpoint",
        cost="high",
        most_rows=500,
        fixed={"max_iter": 10, "transform_algorithm": "lars"},
    ),
    _columns(
        "dictionary-by-parts",
        "decomposition.MiniBatchDictionaryLearning",
        served="endpoint",
        cost="high",
        most_rows=800,
        fixed={"max_iter": 5, "transform_algorithm": "lars"},
    ),
    _columns(
        "latent-topics",
        "decomposition.LatentDirichletAllocation",
        served="endpoint",
        scaling="unit",
        cost="high",
        most_rows=800,
        fixed={"max_iter": 5},
    ),
    _columns(
        "kernel-principal-components",
        "decomposition.KernelPCA",
        served="onnx",
        cost="high",
        most_rows=600,
        fixed={"kernel": "rbf", "gamma": 0.05},
    ),
    _columns("boltzmann-machine", "neural_network.BernoulliRBM", "network", served="endpoint", scaling="unit", fixed={"n_iter": 5}),
    _columns("gaussian-projection", "random_projection.GaussianRandomProjection", "projection", served="onnx"),
    _columns("sparse-projection", "random_projection.SparseRandomProjection", "projection", served="endpoint"),
    _columns("nystroem", "kernel_approximation.Nystroem", "kernel", served="endpoint", fixed={"gamma": 0.05}),
    Entry(
        name="merged-features",
        of="sklearn.cluster.FeatureAgglomeration",
        category="decomposition",
        task="decomposition",
        served="endpoint",
        fixed={"n_clusters": 3},
        space={"n_clusters": _COMPONENTS},
    ),
    _columns(
        "neighbourhood-components",
        "neighbors.NeighborhoodComponentsAnalysis",
        "manifold",
        served="onnx",
        cost="high",
        most_rows=400,
        fixed={"max_iter": 20},
    ),
    _columns("isometric-map", "manifold.Isomap", "manifold", served="endpoint", cost="high", most_rows=500, fixed={"n_neighbors": 15}),
    _columns(
        "locally-linear-embedding",
        "manifold.LocallyLinearEmbedding",
        "manifold",
        served="endpoint",
        cost="high",
        most_rows=500,
        fixed={"n_neighbors": 15},
    ),
    # Pictures of the rows that they were fitted on, and of no other.
    _columns("spectral-embedding", "manifold.SpectralEmbedding", "manifold", served="research-only", cost="high", most_rows=400),
    _columns(
        "neighbour-embedding",
        "manifold.TSNE",
        "manifold",
        served="research-only",
        cost="high",
        most_rows=250,
        fixed={"max_iter": 300},
    ),
    _columns(
        "multidimensional-scaling",
        "manifold.MDS",
        "manifold",
        served="research-only",
        cost="high",
        most_rows=200,
        fixed={"n_init": 1, "init": "random"},
    ),
    _columns("classical-scaling", "manifold.ClassicalMDS", "manifold", served="research-only", most_rows=400),
)
