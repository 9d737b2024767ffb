# Sourced by scripts/demo, scripts/test and .ci/run: installs the Debian
# packages that are missing. Needs root or sudo only when something is.

FE_BUILD_PACKAGES="gcc libc6-dev make autoconf automake libtool pkg-config
flex bison libjansson-dev libpcap-dev zlib1g-dev libzstd-dev"
# What the tests use beside: unit tests, and the real tools as referees.
FE_TEST_PACKAGES="check iptables ipset conntrack nftables iproute2
tcpdump jq"

fe_sudo() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "root rights are needed for: $*" >&2
		return 1
	fi
}

# fe_install PACKAGE...: installs those that dpkg doesn't know as installed.
fe_install() {
	fe_missing=
	for fe_p in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$fe_p" 2>/dev/null |
			grep -qx installed || fe_missing="$fe_missing $fe_p"
	done
	[ -n "$fe_missing" ] || return 0
	echo "installing:$fe_missing"
	fe_sudo apt-get -qq update
	# shellcheck disable=SC2086
	fe_sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
		--no-install-recommends $fe_missing >/dev/null
}

# fe_build DIR [CONFIGURE-ARGUMENT...]: builds out of tree in DIR; fe_top is
# the source tree.
fe_build() {
	fe_dir=$1
	shift
	mkdir -p "$fe_dir"
	[ -x "$fe_top/configure" ] ||
		"$fe_top/autogen.sh" >"$fe_dir/autogen.log" 2>&1 || {
		cat "$fe_dir/autogen.log" >&2
		return 1
	}
	(cd "$fe_dir" && "$fe_top/configure" -q "$@" &&
		make -s -j"$(nproc)")
}
