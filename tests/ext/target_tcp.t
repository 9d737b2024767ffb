# TCPMSS, TCPOPTSTRIP
:both mangle
-p tcp -m tcp --syn -j TCPMSS --set-mss 1200 ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --set-mss 1200 ; OK
-p tcp -j TCPMSS --set-mss 1200 ; ; FAIL
-j TCPMSS --set-mss 1200 ; ; FAIL
-p tcp -j TCPOPTSTRIP --strip-options timestamp,5 ; -p tcp -j TCPOPTSTRIP --strip-options 5,8 ; OK
-p tcp -j TCPOPTSTRIP --strip-options 1 ; ; FAIL
-j TCPOPTSTRIP --strip-options 5 ; ; FAIL
:both mangle FORWARD
-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu ; -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j TCPMSS --clamp-mss-to-pmtu ; OK
:both mangle PREROUTING
-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu ; ; FAIL
