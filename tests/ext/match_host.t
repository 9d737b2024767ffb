# cpu, helper, nfacct, socket: what the host knows
:both
-m cpu --cpu 3 ; = ; OK
-m cpu ! --cpu 0 ; = ; OK
-m cpu --cpu x ; ; FAIL
-m cpu ; ; FAIL
-m helper --helper ftp ; = ; OK
-m helper ! --helper ftp-2121 ; = ; OK
-m helper ; ; FAIL
-m nfacct --nfacct-name bytes ; = ; HERE
-m nfacct ; ; FAIL
:both mangle PREROUTING
-m socket ; = ; OK
-m socket --transparent --nowildcard --restore-skmark ; = ; OK
:both mangle FORWARD
-m socket ; ; FAIL
