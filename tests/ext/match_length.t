# length: the packet's size
-m length --length 10 ; = ; OK
-m length --length :10 ; -m length --length 0:10 ; OK
-m length ! --length 10: ; -m length ! --length 10:65535 ; OK
-m length --length 20:10 ; = ; OK
-m length --length : ; -m length --length 0:65535 ; OK
-m length --length "" ; -m length --length 0 ; OK
-m length --length 0x10 ; -m length --length 16 ; OK
-m length --length 70000 ; ; FAIL
-m length --length 1:2:3 ; ; FAIL
-m length --length 5: --length 7 ; ; FAIL
-m length ; ; FAIL
-m length --length 128 ; udp 10.0.0.9:1 > 10.0.0.1:53 data=100 ; yes
-m length --length 100:127 ; udp 10.0.0.9:1 > 10.0.0.1:53 data=100 ; no
-m length ! --length 100:127 ; udp 10.0.0.9:1 > 10.0.0.1:53 data=100 ; yes
-m length --length 20:10 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m length ! --length 20:10 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
# IPv6: the payload and its header.
-m length --length 148 ; udp [fd00::9]:1 > [fd00::1]:53 data=100 ; yes
