# srh: segment routing
:6
-m srh ; = ; OK
-m srh --srh-next-hdr 17 ! --srh-hdr-len-eq 8 --srh-tag 5 ; = ; OK
-m srh --srh-psid fd00::/64 ! --srh-nsid fd00::1/128 ; = ; OK
-m srh --srh-segs-left-gt 256 ; ; FAIL
-m srh ; udp [fd00::9]:1 > [fd00::1]:53 ; no
