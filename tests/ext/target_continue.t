# CHECKSUM, NFLOG, TRACE, CLASSIFY
:both mangle POSTROUTING
-p udp -j CHECKSUM --checksum-fill ; = ; OK
-j CHECKSUM ; ; FAIL
-j CLASSIFY --set-class 1:2 ; -j CLASSIFY --set-class 0001:0002 ; OK
-j CLASSIFY --set-class ffff:0xa ; -j CLASSIFY --set-class ffff:000a ; OK
-j CLASSIFY --set-class 12 ; ; FAIL
-j CLASSIFY ; ; FAIL
:both filter INPUT
-j CHECKSUM --checksum-fill ; ; FAIL
-j NFLOG ; = ; OK
-j NFLOG --nflog-group 5 --nflog-prefix "a b: " ; -j NFLOG --nflog-prefix "a b: " --nflog-group 5 ; OK
-j NFLOG --nflog-size 64 --nflog-threshold 3 ; = ; OK
-j NFLOG --nflog-range 64 ; = ; OK
-j NFLOG --nflog-range 0 ; -j NFLOG ; OK
-j NFLOG --nflog-group 0 ; -j NFLOG ; OK
-j NFLOG --nflog-group 65536 ; ; FAIL
-j TRACE ; ; FAIL
:both raw PREROUTING
-p tcp -j TRACE ; = ; OK
