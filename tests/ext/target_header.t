# TTL, HL, TOS, DSCP, ECN, DNPT, SNPT
:4 mangle
-j TTL --ttl-set 64 ; = ; OK
-j TTL --ttl-dec 0 ; ; FAIL
-j TTL --ttl-inc 256 ; ; FAIL
-j TTL ; ; FAIL
-p tcp -j ECN --ecn-tcp-remove ; = ; OK
-p tcp -j ECN --ecn-tcp-cwr 1 --ecn-tcp-ece 0 --ecn-ip-ect 2 ; -p tcp -j ECN --ecn-tcp-ece 0 --ecn-tcp-cwr 1 --ecn-ip-ect 2 ; OK
-j ECN --ecn-tcp-remove ; ; FAIL
-j ECN ; ; FAIL
:6 mangle
-j HL --hl-dec 1 ; = ; OK
-j HL --hl-inc 0 ; ; FAIL
:both mangle
-j TOS --set-tos 0x10 ; -j TOS --set-tos 0x10/0xff ; OK
-j TOS --or-tos 4 ; -j TOS --set-tos 0x04/0x04 ; OK
-j TOS ; ; FAIL
-j DSCP --set-dscp 10 ; -j DSCP --set-dscp 0x0a ; OK
-j DSCP --set-dscp-class EF ; -j DSCP --set-dscp 0x2e ; OK
-j DSCP --set-dscp 64 ; ; FAIL
:both filter
-j TOS --set-tos 0x10 ; ; FAIL
-j DSCP --set-dscp 10 ; ; FAIL
:6 mangle PREROUTING
-j DNPT --src-pfx fd00::/64 --dst-pfx fd01::/48 ; = ; OK
-j DNPT --src-pfx fd00::/65 --dst-pfx fd01::/48 ; ; FAIL
-j DNPT --src-pfx fd00::/64 ; ; FAIL
:6 mangle POSTROUTING
-j SNPT --src-pfx fd00::/64 --dst-pfx fd01::/48 ; = ; OK
-j SNPT --dst-pfx fd00::/64 ; ; FAIL
