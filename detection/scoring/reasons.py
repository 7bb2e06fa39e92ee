"""Explains in words and numbers why a moment was found."""

from typing import Any

#: A reason is named from here on, in spreads above the usual.
WORTH_NAMING = 1.0
#: The same for how much more moves than usual.
MOVES_MORE = 1.5


def explain(features: dict[str, Any]) -> str:
    """Return the reasons for a moment.

    Parameters
    ----------
    features : dict
        A candidate's features.
    """
    z_scores = features["z_scores"]
    reasons = []
    if "hilight_after_s" in features:
        reasons.append("HiLight mark")
    if features.get("felt", 0) > 0:
        reasons.append("camera sensors: air and landing" if features["felt"] == 1 else "weightless")
    if z_scores.get("pair_db", 0) >= WORTH_NAMING and features["gap_s"] > 0:
        reasons.append(f"pop and landing, {features['gap_s']:.1f} s air")
    if z_scores.get("arc", 0) >= WORTH_NAMING:
        reasons.append("goes up and comes down")
    if features["moving_times_usual"] >= MOVES_MORE:
        reasons.append(f"{features['moving_times_usual']:.1f} × the usual motion")
    elif z_scores["incoherence"] >= WORTH_NAMING:
        reasons.append("motion beyond the camera's own")
    return "; ".join(reasons) or "faint motion and sound"
