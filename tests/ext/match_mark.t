# mark and connmark
-m mark --mark 5 ; -m mark --mark 0x5 ; OK
-m mark ! --mark 0x5/0xff ; = ; OK
-m mark --mark 5/6 ; -m mark --mark 0x5/0x6 ; OK
-m mark --mark 0xff/0x0f ; -m mark --mark 0xff/0xf ; OK
-m mark --mark 0/0 ; -m mark --mark 0x0/0x0 ; OK
-m mark --mark 010 ; -m mark --mark 0x8 ; OK
-m mark --mark 0xffffffff ; = ; OK
-m mark --mark 0x1ffffffff ; ; FAIL
-m mark --mark 5/ ; ; FAIL
-m mark --mark /5 ; ; FAIL
-m mark --mark -1 ; ; FAIL
-m mark ; ; FAIL
-m mark --mark 5 --mark 6 ; ; FAIL
-m connmark --mark 5/0xf ; -m connmark --mark 0x5/0xf ; OK
-m connmark ! --mark 5 ; -m connmark ! --mark 0x5 ; OK
-m connmark ; ; FAIL
-m mark --mark 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m mark ! --mark 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
+ -j MARK --set-mark 0x15
-m mark --mark 0x15 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m mark --mark 5/0xf ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m mark ! --mark 5/0xf ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
# The value is not masked: a bit outside never matches.
-m mark --mark 0x15/0xf ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m mark ! --mark 0x15/0xf ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m connmark --mark 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m connmark ! --mark 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m connmark ! --mark 7 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
# Without an entry neither it nor its inversion matches.
-m connmark --mark 0 ; tcp 10.0.0.9:1000 > 10.0.0.1:53 flags=SA ; no
-m connmark ! --mark 7 ; tcp 10.0.0.9:1000 > 10.0.0.1:53 flags=SA ; no
+ -j NOTRACK
-m connmark --mark 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m connmark ! --mark 7 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
