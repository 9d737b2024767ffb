# u32: 32-bit words of the packet
:both
-m u32 --u32 "6&0xFF=17" ; -m u32 --u32 "0x6&0xff=0x11" ; OK
-m u32 ! --u32 "0x0>>0x16&0x3c@0x0>>0x10=0x35,0x40:0x50" ; = ; OK
-m u32 --u32 "0x0=0x0&&0x4 << 0x10 = 0x0" ; -m u32 --u32 "0x0=0x0&&0x4<<0x10=0x0" ; OK
-m u32 --u32 "" ; ; FAIL
-m u32 --u32 "5" ; ; FAIL
-m u32 --u32 "5=" ; ; FAIL
-m u32 --u32 "5=6 7" ; ; FAIL
-m u32 ; ; FAIL
:4
-m u32 --u32 "6&0xFF=17" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m u32 --u32 "6&0xFF=6" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m u32 ! --u32 "6&0xFF=6" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
# The destination port, behind the IP header.
-m u32 --u32 "0>>22&0x3C@0&0xFFFF=53" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m u32 --u32 "0>>22&0x3C@0&0xFFFF=54:60,53" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m u32 --u32 "0>>22&0x3C@0&0xFFFF=54" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m u32 --u32 "12=0x0A000009&&16=0x0A000001" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m u32 --u32 "12=0x0A000009&&16=0x0A000002" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
# A word beyond the packet's end is never there.
-m u32 --u32 "25=0:0xFFFFFFFF" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m u32 ! --u32 "25=0:0xFFFFFFFF" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m u32 --u32 "24=0:0xFFFFFFFF" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
