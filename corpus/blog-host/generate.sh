#!/bin/sh
# Makes host/rules.v4: an allow-list of about 700 destinations, as a lab's
# host of 2017 had it, without any state. Run it after a change, in this
# folder:  sh generate.sh >host/rules.v4
#
# The content is our own: 28 racks of 24 machines (10.30.RACK.1-24), eight
# office networks whose people use the host's services (10.40.0-7.0/24), and
# some services by port. All else that the host sends is dropped.
set -eu
cat <<'HEAD'
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -o lo -j ACCEPT
HEAD
awk 'BEGIN {
	for (net = 0; net < 8; net++)
		printf "-A OUTPUT -d 10.40.%d.0/24 -j ACCEPT\n", net
	for (rack = 0; rack < 28; rack++)
		for (host = 1; host <= 24; host++)
			printf "-A OUTPUT -d 10.30.%d.%d/32 -j ACCEPT\n",
			       rack, host
	for (dns = 1; dns <= 4; dns++) {
		printf "-A OUTPUT -d 10.20.0.%d/32 -p udp -m udp " \
		       "--dport 53 -j ACCEPT\n", dns
		printf "-A OUTPUT -d 10.20.0.%d/32 -p tcp -m tcp " \
		       "--dport 53 -j ACCEPT\n", dns
	}
	for (ntp = 1; ntp <= 4; ntp++)
		printf "-A OUTPUT -d 10.20.1.%d/32 -p udp -m udp " \
		       "--dport 123 -j ACCEPT\n", ntp
	for (log_ = 1; log_ <= 4; log_++)
		printf "-A OUTPUT -d 10.20.2.%d/32 -p udp -m udp " \
		       "--dport 514 -j ACCEPT\n", log_
}'
cat <<'TAIL'
-A OUTPUT -j DROP
COMMIT
TAIL
