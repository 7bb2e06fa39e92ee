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
        reasons.append("the camera's sensors show air and a landing" if features["felt"] == 1 else "weightless")
    if z_scores.get("pair_db", 0) >= WORTH_NAMING and features["gap_s"] > 0:
        gap_s, pair_db = features["gap_s"], features["pair_db"]
        reasons.append(f"pop and landing, {gap_s:.2f} s air, {pair_db:.0f} dB above the noise")
    if z_scores.get("arc", 0) >= WORTH_NAMING:
        reasons.append(f"goes up and comes down, {z_scores['arc']:.1f} × as clearly as usual")
    if features["moving_times_usual"] >= MOVES_MORE:
        reasons.append(f"the rider moves {features['moving_times_usual']:.1f} × more than usual")
    elif z_scores["incoherence"] >= WORTH_NAMING:
        reasons.append("more motion than the camera's own")
    return "; ".join(reasons) or "weak signs in motion and sound"
