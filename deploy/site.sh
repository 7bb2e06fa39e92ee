# Sourced by the scripts that keep an installed site: where it lies, and how its two kinds differ.
# shellcheck shell=sh disable=SC2034
#
# CONFIG   settings of this machine: mode (compose or plain), site.env, secrets/, compose.env, previous
# HOME_DIR repository, releases/COMMIT (each whole, with its own .venv), current -> releases/COMMIT

CONFIG=${TRICKYCLIP_CONFIG:-/etc/trickyclip}
HOME_DIR=${TRICKYCLIP_HOME:-/opt/trickyclip}
BACKUPS=${TRICKYCLIP_BACKUPS:-/var/backups/trickyclip}
SITE_USER=trickyclip
HEALTH_TRIES=${TRICKYCLIP_HEALTH_TRIES:-60}
PROBE=readyz
PROGRAMS="web detect media light beat incoming flower"

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

mode() {
    cat "$CONFIG/mode" 2>/dev/null || fail "There is no installed site here ($CONFIG/mode is missing); see deploy/README.md."
}

current_commit() {
    basename "$(readlink "$HOME_DIR/current")"
}

# compose ARGUMENT …: docker compose on the release that counts now.
compose() {
    (cd "$HOME_DIR/current/deploy" && docker compose --env-file "$CONFIG/compose.env" "$@")
}

# as_site COMMAND …: as the user that the site runs as, in the release that counts now.
as_site() {
    (cd "$HOME_DIR/current" && runuser -u "$SITE_USER" -- "$@")
}

# manage BACKUP_FOLDER ARGUMENT …: manage.py of the release that counts now; it may read and write that folder.
manage() {
    folder=$1
    shift
    if [ "$(mode)" = compose ]; then
        compose run --rm --no-deps -T --volume "$folder:$folder" prepare "$@"
    else
        as_site .venv/bin/python manage.py "$@"
    fi
}

# build_release COMMIT: afterwards it lies in releases/ with all it needs; what runs is not touched.
build_release() {
    release=$HOME_DIR/releases/$1
    if [ ! -d "$release" ]; then
        git -C "$HOME_DIR/repository" worktree prune
        git -C "$HOME_DIR/repository" worktree add --quiet --detach "$release" "$1" || return 1
    fi
    if [ "$(mode)" = compose ]; then
        docker build --quiet --file "$release/deploy/Dockerfile" --tag "trickyclip:$1" "$release" || return 1
    else
        ln -sfn "$CONFIG/site.env" "$release/.env"
        (cd "$release" && . deploy/venv.sh && make_venv requirements.txt) || return 1
    fi
}

# switch_to COMMIT: that release counts from now on; nothing is started or stopped.
switch_to() {
    ln -sfn "releases/$1" "$HOME_DIR/current.new"
    mv -T "$HOME_DIR/current.new" "$HOME_DIR/current"
    if [ "$(mode)" = compose ]; then
        sed -i "s|^TRICKYCLIP_IMAGE=.*|TRICKYCLIP_IMAGE=trickyclip:$1|" "$CONFIG/compose.env"
    else
        install_plain_files
    fi
}

install_plain_files() {
    "$HOME_DIR/current/deploy/nginx-conf" WEB=127.0.0.1:8000 LISTEN=127.0.0.1:8080 TUNNEL=127.0.0.0/8 \
        DATA=/var/lib/trickyclip TMP=/run/trickyclip LOG=syslog:server=unix:/dev/log,nohostname,tag=trickyclip \
        >"$CONFIG/nginx.conf.new"
    mv "$CONFIG/nginx.conf.new" "$CONFIG/nginx.conf"
    install_units
}

install_units() {
    units=${TRICKYCLIP_UNITS:-/etc/systemd/system}
    cp -R "$HOME_DIR/current/deploy/systemd/." "$units/"
    systemctl daemon-reload
}

# What works on the database stops; nginx stays, and says that the site is being updated.
stop_programs() {
    if [ "$(mode)" = compose ]; then
        # shellcheck disable=SC2086 # one word each
        compose stop $PROGRAMS
    else
        for program in $PROGRAMS; do
            systemctl stop "trickyclip@$program.service"
        done
    fi
}

start_programs() {
    if [ "$(mode)" = compose ]; then
        # nginx again, because its file may be another one now under the same name.
        compose up --detach --remove-orphans && compose restart nginx
    else
        manage "$BACKUPS" prepare && systemctl start trickyclip.target && systemctl reload-or-restart trickyclip-nginx.service
    fi
}

# forget_releases_but COMMIT COMMIT: each is as large as all that is installed in it.
forget_releases_but() {
    for release in "$HOME_DIR"/releases/*; do
        commit=$(basename "$release")
        if [ "$commit" != "$1" ] && [ "$commit" != "$2" ]; then
            rm -rf "$release"
            if [ "$(mode)" = compose ]; then
                docker image rm "trickyclip:$commit" >/dev/null 2>&1 || true
            fi
        fi
    done
    git -C "$HOME_DIR/repository" worktree prune
}

# healthy: 0 as soon as the site says that database, broker, disk and jobs work; 1 when it does not in two minutes.
healthy() {
    tries=$HEALTH_TRIES
    while [ "$tries" -gt 0 ]; do
        if is_ready; then
            return 0
        fi
        tries=$((tries - 1))
        sleep 2
    done
    return 1
}

is_ready() {
    if [ "$(mode)" = compose ]; then
        compose exec -T web python -c \
            "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/$PROBE', timeout=10)" 2>/dev/null
    else
        curl --fail --silent --show-error --max-time 10 --output /dev/null "http://127.0.0.1:8000/$PROBE" 2>/dev/null
    fi
}
