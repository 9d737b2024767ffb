# TEE, TPROXY, SYNPROXY, CLUSTERIP, HMARK
:4
-j TEE --gateway 10.0.0.5 --oif lo ; = ; OK
-j TEE --gateway fd00::1 ; ; FAIL
-j TEE ; ; FAIL
-p tcp -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460 --ecn ; = ; OK
-j SYNPROXY ; ; FAIL
-d 10.0.0.1 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:aa:7b:47:f7:d7 --total-nodes 2 --local-node 1 --hash-init 3 ; -d 10.0.0.1/32 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 01:AA:7B:47:F7:D7 --total-nodes 2 --local-node 1 --hash-init 3 ; HERE
-d 10.0.0.1 -i lo -j CLUSTERIP --new --hashmode sourceip --clustermac 00:aa:7b:47:f7:d7 --total-nodes 2 --local-node 1 ; ; FAIL
-d 10.0.0.1 -j CLUSTERIP --hashmode sourceip ; ; FAIL
-j HMARK --hmark-tuple src,dst --hmark-mod 5 --hmark-rnd 3 --hmark-offset 7 ; -j HMARK --hmark-src-prefix 32 --hmark-dst-prefix 32 --hmark-rnd 0x00000003 --hmark-mod 5 --hmark-offset 7 ; OK
-j HMARK --hmark-tuple ct,sport --hmark-mod 5 --hmark-rnd 3 ; -j HMARK --hmark-sport-mask 0xffff --hmark-rnd 0x00000003 --hmark-mod 5 --hmark-tuple ct ; OK
-j HMARK --hmark-mod 5 --hmark-rnd 3 ; ; FAIL
-j HMARK --hmark-tuple src --hmark-rnd 3 ; ; FAIL
:6
-j TEE --gateway fd00::5 ; = ; OK
:both mangle PREROUTING
-p tcp -j TPROXY --on-port 80 --tproxy-mark 1/3 --on-ip nosuch ; ; FAIL
-j TPROXY --on-port 80 ; ; FAIL
-p tcp -j TPROXY ; ; FAIL
:4 mangle PREROUTING
-p tcp -j TPROXY --on-port 80 ; -p tcp -j TPROXY --on-port 80 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0 ; OK
-p udp -j TPROXY --on-port 80 --on-ip 127.0.0.1 --tproxy-mark 1/3 ; -p udp -j TPROXY --on-port 80 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x3 ; OK
:4 filter FORWARD
-p tcp -j TPROXY --on-port 80 ; ; FAIL
