# REJECT
:4 filter
-j REJECT ; -j REJECT --reject-with icmp-port-unreachable ; OK
:6 filter
-j REJECT ; -j REJECT --reject-with icmp6-port-unreachable ; OK
:4 filter
-j REJECT --reject-with icmp-net-unreachable ; = ; OK
-j REJECT --reject-with "" ; -j REJECT --reject-with icmp-net-unreachable ; OK
-j REJECT --reject-with icmp-host ; -j REJECT --reject-with icmp-host-unreachable ; OK
-j REJECT --reject-with net-prohib ; -j REJECT --reject-with icmp-net-prohibited ; OK
-j REJECT --reject-with ADMIN-PROHIB ; -j REJECT --reject-with icmp-admin-prohibited ; OK
-j REJECT --reject-with echo-reply ; ; FAIL
-j REJECT --reject-with foo ; ; FAIL
-j REJECT --reject-with icmp6-no-route ; ; FAIL
-p tcp -j REJECT --reject-with tcp-reset ; = ; OK
-p tcp -j REJECT --reject-with tcp-rst ; -p tcp -j REJECT --reject-with tcp-reset ; OK
-j REJECT --reject-with tcp-reset ; ; FAIL
! -p udp -j REJECT --reject-with tcp-reset ; ; FAIL
-j REJECT --reject-with net-unreach --reject-with net-unreach ; ; FAIL
:6 filter
-j REJECT --reject-with no-route ; -j REJECT --reject-with icmp6-no-route ; OK
-j REJECT --reject-with icmp6-adm ; -j REJECT --reject-with icmp6-adm-prohibited ; OK
-j REJECT --reject-with addr-unreach ; -j REJECT --reject-with icmp6-addr-unreachable ; OK
-j REJECT --reject-with policy-fail ; -j REJECT --reject-with icmp6-policy-fail ; OK
-j REJECT --reject-with reject-route ; -j REJECT --reject-with icmp6-reject-route ; OK
-j REJECT --reject-with icmp-port-unreachable ; ; FAIL
-p tcp -j REJECT --reject-with tcp-reset ; = ; OK
-j REJECT --reject-with tcp-reset ; ; FAIL
:both mangle
-j REJECT ; ; FAIL
