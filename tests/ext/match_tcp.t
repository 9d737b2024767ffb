# tcp: ports, flags, options
-p tcp --dport 80 ; -p tcp -m tcp --dport 80 ; OK
-p tcp --sport 1024: --dport :1023 ; -p tcp -m tcp --sport 1024:65535 --dport 0:1023 ; OK
-p tcp ! --sport 5 ! --dport 6:7 ; -p tcp -m tcp ! --sport 5 ! --dport 6:7 ; OK
-p tcp --source-port 5 --destination-port ssh ; -p tcp -m tcp --sport 5 --dport 22 ; OK
-p tcp -m tcp ; = ; OK
-p 6 --dport 0x50 ; -p tcp -m tcp --dport 80 ; OK
# Numbers are C's: 010 is eight.
-p tcp --dport 010 ; -p tcp -m tcp --dport 8 ; OK
-p tcp --dport 080 ; ; FAIL
-p tcp --dport 65536 ; ; FAIL
-p tcp --dport " 80" ; -p tcp -m tcp --dport 80 ; OK
-p tcp --dport 80:: ; ; FAIL
-p tcp --dport "" ; ; FAIL
-p tcp --dport -1 ; ; FAIL
-p tcp --dport 90:80 ; ; FAIL
-p tcp --dport 80:80 ; -p tcp -m tcp --dport 80 ; OK
-p tcp --dport nosuchservice ; ; FAIL
# The whole range is not saved, even inverted.
-p tcp --dport : ; -p tcp -m tcp ; OK
-p tcp --dport 0:65535 ; -p tcp -m tcp ; OK
-p tcp ! --dport 0:65535 ; -p tcp -m tcp ; OK
-p tcp --syn ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN ; OK
-p tcp ! --syn --dport 80 ; -p tcp -m tcp --dport 80 ! --tcp-flags FIN,SYN,RST,ACK SYN ; OK
-p tcp --tcp-flags ALL NONE ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE ; OK
-p tcp --tcp-flags all syn,ack ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG SYN,ACK ; OK
-p tcp --tcp-flags SYN,,ACK SYN ; -p tcp -m tcp --tcp-flags SYN,ACK SYN ; OK
-p tcp --tcp-flags SYN ACK ; -p tcp -m tcp --tcp-flags SYN ACK ; OK
-p tcp --tcp-flags NONE NONE ; -p tcp -m tcp ; OK
-p tcp ! --tcp-flags NONE NONE ; -p tcp -m tcp ! --tcp-flags NONE NONE ; OK
-p tcp --tcp-flags SYN,FOO SYN ; ; FAIL
-p tcp --syn --tcp-flags ALL NONE ; ; FAIL
-p tcp --syn --syn ; ; FAIL
-p tcp --sport 5 --sport 6 ; ; FAIL
-p tcp --tcp-option 5 ; -p tcp -m tcp --tcp-option 5 ; OK
-p tcp ! --tcp-option 0xff ; -p tcp -m tcp ! --tcp-option 255 ; OK
-p tcp --tcp-option 0 ; ; FAIL
-p tcp --tcp-option 256 ; ; FAIL
-p tcp -m tcp -m tcp --dport 80 ; = ; OK
# Needs -p tcp.
-m tcp --dport 80 ; ; FAIL
-p udp -m tcp --dport 80 ; ; FAIL
! -p tcp -m tcp --dport 80 ; ; FAIL
-p tcp --dport 80 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 ; yes
-p tcp --dport 80 ; tcp 10.0.0.9:1000 > 10.0.0.1:81 ; no
-p tcp ! --dport 80 ; tcp 10.0.0.9:1000 > 10.0.0.1:81 ; yes
-p tcp ! --dport 0:65535 ; tcp 10.0.0.9:1000 > 10.0.0.1:81 ; no
-p tcp --dport 80:90 ; tcp [fd00::9]:1000 > [fd00::1]:90 ; yes
-p tcp --sport 1000 ; tcp [fd00::9]:1000 > [fd00::1]:90 ; yes
-p tcp --dport 80 ; udp 10.0.0.9:1000 > 10.0.0.1:80 ; no
-p tcp --syn ; tcp 10.0.0.9:1000 > 10.0.0.1:80 flags=S ; yes
-p tcp --syn ; tcp 10.0.0.9:1000 > 10.0.0.1:80 flags=SPU ; yes
-p tcp --syn ; tcp 10.0.0.9:1000 > 10.0.0.1:80 flags=SEC ; yes
-p tcp --syn ; tcp 10.0.0.9:1000 > 10.0.0.1:80 flags=SA ; no
-p tcp ! --syn ; tcp 10.0.0.9:1000 > 10.0.0.1:80 flags=SA ; yes
-p tcp --tcp-flags ALL NONE ; tcp 10.0.0.9:1000 > 10.0.0.1:80 flags=EC ; yes
-p tcp --tcp-flags SYN ACK ; tcp 10.0.0.9:1000 > 10.0.0.1:80 flags=A ; no
-p tcp --tcp-option 2 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b4 ; yes
-p tcp --tcp-option 3 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b401030307 ; yes
-p tcp --tcp-option 3 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b4 ; no
-p tcp ! --tcp-option 3 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b4 ; yes
-p tcp ! --tcp-option 3 --dport 81 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b4 ; no
# A header cut short drops the packet; a later fragment never matches.
-p tcp --dport 80 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 cut=19 ; hotdrop
-p tcp -m tcp ; tcp 10.0.0.9:1000 > 10.0.0.1:80 cut=3 ; hotdrop
-p tcp --dport 81 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 cut=3 ; hotdrop
-p tcp -m tcp ; tcp [fd00::9]:1000 > [fd00::1]:80 cut=19 ; hotdrop
-p tcp ; tcp 10.0.0.9:1000 > 10.0.0.1:80 cut=3 ; yes
-p tcp -m tcp ; tcp 10.0.0.9:1000 > 10.0.0.1:80 frag=2 ; no
-p tcp ! --dport 81 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 frag=2 ; no
# The second fragment of a header split at its eighth byte is an attack.
-p tcp -m tcp ; tcp 10.0.0.9:1000 > 10.0.0.1:80 frag=1 ; hotdrop
# Options that only the capture lacks are not known; they were taken for a
# header cut short.
-p tcp --tcp-option 3 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b4 snap=40 ; error
-p tcp --tcp-option 3 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b4 cut=23 ; hotdrop
