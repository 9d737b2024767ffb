# mac: the Ethernet source
-m mac --mac-source aa:bb:0c:01:02:03 ; = ; OK
-m mac ! --mac-source aa:BB:0c:1:2:3 ; -m mac ! --mac-source aa:bb:0c:01:02:03 ; OK
-m mac --mac-source 0:1:2::4:5 ; -m mac --mac-source 00:01:02:00:04:05 ; OK
-m mac --mac-source 00:00:00:00:00:00 ; = ; OK
-m mac --mac-source aabb0c010203 ; ; FAIL
-m mac --mac-source aa:bb:0c:01:02 ; ; FAIL
-m mac --mac-source aa:bb:0c:01:02:03:04 ; ; FAIL
-m mac --mac-source aa:bb:0c:01:02:0g ; ; FAIL
-m mac ; ; FAIL
# A packet without an Ethernet header (this device is a TUN) matches neither.
-m mac --mac-source aa:bb:0c:01:02:03 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m mac ! --mac-source aa:bb:0c:01:02:03 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
