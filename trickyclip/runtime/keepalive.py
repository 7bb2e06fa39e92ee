"""TCP keepalive of the connections to PostgreSQL and Redis, so that a cut line is noticed within a minute.

Without it the system asks after two hours for the first time: until then a worker waits for jobs on a dead connection,
and the database keeps the locks of a worker that is gone.
"""

import socket

#: A connection without traffic is probed after this time, then so often, and is given up when nobody answers.
IDLE_S, INTERVAL_S, PROBES = 30, 10, 3
#: The same for what was sent and not acknowledged, which no probe follows.
UNACKNOWLEDGED_MS = 1000 * (IDLE_S + INTERVAL_S * PROBES)


def redis_options() -> dict[int, int]:
    """Return redis-py's ``socket_keepalive_options``; what this system does not know is left out."""
    names = {
        "TCP_KEEPIDLE": IDLE_S,
        "TCP_KEEPALIVE": IDLE_S,  # macOS has it under this name
        "TCP_KEEPINTVL": INTERVAL_S,
        "TCP_KEEPCNT": PROBES,
        "TCP_USER_TIMEOUT": UNACKNOWLEDGED_MS,
    }
    return {getattr(socket, name): value for name, value in names.items() if hasattr(socket, name)}


def postgres_options() -> dict[str, int]:
    """Return libpq's connection parameters, for this end of the connection."""
    return {
        "keepalives": 1,
        "keepalives_idle": IDLE_S,
        "keepalives_interval": INTERVAL_S,
        "keepalives_count": PROBES,
        "tcp_user_timeout": UNACKNOWLEDGED_MS,
    }


def postgres_server_options() -> str:
    """Return the same as settings of the database session, for the server's end."""
    return (
        f"-c tcp_keepalives_idle={IDLE_S} -c tcp_keepalives_interval={INTERVAL_S} "
        f"-c tcp_keepalives_count={PROBES} -c tcp_user_timeout={UNACKNOWLEDGED_MS}"
    )
