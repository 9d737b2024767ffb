# ecn: congestion notification
:both
-m ecn --ecn-ip-ect 2 ; = ; OK
-m ecn ! --ecn-ip-ect 0 ; = ; OK
-p tcp -m ecn --ecn-tcp-cwr --ecn-tcp-ece ; -p tcp -m ecn --ecn-tcp-ece --ecn-tcp-cwr ; OK
-m ecn --ecn-ip-ect 4 ; ; FAIL
-m ecn --ecn-tcp-ece ; ; FAIL
-m ecn ; ; FAIL
:4
-m ecn --ecn-ip-ect 2 ; udp 10.0.0.9:1 > 10.0.0.1:53 tos=2 ; yes
-m ecn --ecn-ip-ect 2 ; udp 10.0.0.9:1 > 10.0.0.1:53 tos=3 ; no
-m ecn ! --ecn-ip-ect 2 ; udp 10.0.0.9:1 > 10.0.0.1:53 tos=3 ; yes
:both
# Flags and codepoints as the kernel sees them
-m ecn ; ; FAIL
-m ecn --ecn-ip-ect 0 ; = ; OK
-m ecn ! --ecn-ip-ect 3 ; = ; OK
-m ecn --ecn-ip-ect 4 ; ; FAIL
-p tcp -m ecn --ecn-tcp-cwr ; = ; OK
-p tcp -m ecn ! --ecn-tcp-cwr ! --ecn-tcp-ece ! --ecn-ip-ect 2 ; -p tcp -m ecn ! --ecn-tcp-ece ! --ecn-tcp-cwr ! --ecn-ip-ect 2 ; OK
-p udp -m ecn --ecn-ip-ect 2 ; = ; OK
# Only the kernel minds these.
-m ecn --ecn-tcp-cwr ; ; FAIL
-m ecn --ecn-tcp-ece ; ; FAIL
-p udp -m ecn --ecn-tcp-ece ; ; FAIL
! -p tcp -m ecn --ecn-tcp-ece ; ; FAIL
-m ecn --ecn-ip-ect 2 ; udp 10.0.0.9:5 > 10.0.0.1:6 tos=0x1e ; yes
-m ecn --ecn-ip-ect 2 ; udp 10.0.0.9:5 > 10.0.0.1:6 tos=0x1d ; no
-m ecn ! --ecn-ip-ect 0 ; udp [fd00::9]:5 > [fd00::1]:6 tos=1 ; yes
-p tcp -m ecn --ecn-tcp-ece ; tcp 10.0.0.9:5 > 10.0.0.1:6 flags=SE ; yes
-p tcp -m ecn --ecn-tcp-ece ; tcp 10.0.0.9:5 > 10.0.0.1:6 flags=SC ; no
-p tcp -m ecn --ecn-tcp-cwr ; tcp [fd00::9]:5 > [fd00::1]:6 flags=SC ; yes
-p tcp -m ecn ! --ecn-tcp-cwr ; tcp [fd00::9]:5 > [fd00::1]:6 flags=S ; yes
-p tcp -m ecn --ecn-tcp-cwr --ecn-tcp-ece ; tcp [fd00::9]:5 > [fd00::1]:6 flags=SC ; no
-p tcp -m ecn --ecn-tcp-ece --ecn-ip-ect 1 ; tcp 10.0.0.9:5 > 10.0.0.1:6 flags=SE ; no
-p tcp -m ecn ! --ecn-tcp-ece ; tcp 10.0.0.9:5 > 10.0.0.1:6 cut=19 ; no
# A later fragment's bytes are taken for a header.
-p tcp -m ecn --ecn-tcp-ece ; tcp 10.0.0.9:5 > 10.0.0.1:6 flags=SE frag=5 ; yes
-p tcp -m ecn ! --ecn-tcp-ece ; tcp 10.0.0.9:5 > 10.0.0.1:6 flags=SE frag=5 ; no
-m tcpmss ; ; FAIL
-p tcp -m tcpmss ; ; FAIL
-p tcp -m tcpmss --mss 5 ; = ; OK
-p tcp --syn -m tcpmss ! --mss 0x5:10 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -m tcpmss ! --mss 5:10 ; OK
-p tcp -m tcpmss --mss 10:5 ; ; FAIL
-p tcp -m tcpmss --mss :5 ; -p tcp -m tcpmss --mss 0:5 ; OK
-p tcp -m tcpmss --mss 5: ; -p tcp -m tcpmss --mss 5:65535 ; OK
-p tcp -m tcpmss ! --mss 0:65535 ; = ; OK
-p tcp -m tcpmss --mss 65536 ; ; FAIL
-m tcpmss --mss 5 ; ; FAIL
! -p tcp -m tcpmss --mss 5 ; ; FAIL
-p udp -m tcpmss --mss 5 ; ; FAIL
-p tcp -m tcpmss --mss 1460 ; tcp 10.0.0.9:5 > 10.0.0.1:6 opt=020405b4 ; yes
-p tcp -m tcpmss --mss 1:1459 ; tcp 10.0.0.9:5 > 10.0.0.1:6 opt=020405b4 ; no
-p tcp -m tcpmss ! --mss 1:1459 ; tcp [fd00::9]:5 > [fd00::1]:6 opt=01010303020405b4 ; yes
-p tcp -m tcpmss ! --mss 1:1459 ; tcp [fd00::9]:5 > [fd00::1]:6 opt=01030303020405b4 ; yes
-p tcp -m tcpmss --mss 1460 ; tcp 10.0.0.9:5 > 10.0.0.1:6 opt=00010101020405b4 ; yes
-p tcp -m tcpmss --mss 1460 ; tcp 10.0.0.9:5 > 10.0.0.1:6 opt=02040000020405b4 ; no
-p tcp -m tcpmss --mss 1460 ; tcp 10.0.0.9:5 > 10.0.0.1:6 opt=02030001020405b4 ; yes
-p tcp -m tcpmss --mss 0:65535 ; tcp 10.0.0.9:5 > 10.0.0.1:6 ; no
-p tcp -m tcpmss ! --mss 0:65535 ; tcp 10.0.0.9:5 > 10.0.0.1:6 ; yes
-p tcp -m tcpmss --mss 0:65535 ; tcp 10.0.0.9:5 > 10.0.0.1:6 opt=020405b4 cut=23 ; hotdrop
-p tcp -m tcpmss ! --mss 5 ; tcp 10.0.0.9:5 > 10.0.0.1:6 cut=19 ; hotdrop
