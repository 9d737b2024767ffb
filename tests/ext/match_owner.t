# owner: the socket that sends a packet
:both filter OUTPUT
-m owner --uid-owner 0 ; = ; OK
-m owner --uid-owner root ; -m owner --uid-owner 0 ; OK
-m owner ! --uid-owner 1000-2000 ; = ; OK
-m owner --uid-owner 5-5 ; -m owner --uid-owner 5 ; OK
-m owner --gid-owner 33 ; = ; OK
-m owner ! --gid-owner 100-200 --socket-exists ; -m owner --socket-exists ! --gid-owner 100-200 ; OK
-m owner --gid-owner 33 --suppl-groups ; = ; OK
-m owner ! --socket-exists ; = ; OK
-m owner --uid-owner 1 --gid-owner 2 ; = ; OK
-m owner --uid-owner 4294967294 ; = ; OK
-m owner --uid-owner 4294967295 ; ; FAIL
-m owner --uid-owner 20-10 ; ; FAIL
-m owner --uid-owner no-such-user-here ; ; FAIL
-m owner --suppl-groups ; ; FAIL
-m owner --uid-owner 1 --uid-owner 2 ; ; FAIL
:both filter INPUT
-m owner --uid-owner 0 ; ; FAIL
:both mangle POSTROUTING
-m owner --uid-owner 0 ; = ; OK
