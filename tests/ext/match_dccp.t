# dccp: ports, types, options
:both
-p dccp -m dccp --sport 5:9 ! --dport 80 ; = ; OK
-p dccp -m dccp --dccp-types REQUEST,INVALID ; = ; OK
-p dccp -m dccp ! --dccp-types reset ; -p dccp -m dccp ! --dccp-types RESET ; OK
-p dccp -m dccp --dccp-option 38 ; = ; OK
-p dccp -m dccp --dccp-types NOSUCH ; ; FAIL
-p dccp -m dccp --dccp-option 256 ; ; FAIL
-m dccp --dccp-types REQUEST ; ; FAIL
# dccp: ports, types, options
-p dccp -m dccp ; = ; OK
-p dccp --sport 5 --dport 6:7 ; -p dccp -m dccp --sport 5 --dport 6:7 ; OK
# Ports are read by getaddrinfo, modulo 65536, and ranges may be upside down.
-p dccp -m dccp --sport 70000 ; -p dccp -m dccp --sport 4464 ; OK
-p dccp -m dccp --sport 7:6 ; = ; OK
-p dccp -m dccp --sport :6 ; -p dccp -m dccp --sport 0:6 ; OK
-p dccp -m dccp --sport 6: ; -p dccp -m dccp --sport 6:65535 ; OK
# The whole range is saved, unlike tcp's.
-p dccp -m dccp --sport : ; -p dccp -m dccp --sport 0:65535 ; OK
-p dccp -m dccp ! --sport 0:65535 ; = ; OK
-p dccp -m dccp --source-port ssh --destination-port 5 ; -p dccp -m dccp --sport 22 --dport 5 ; OK
-p dccp -m dccp --dccp-types REQUEST ; = ; OK
-p dccp -m dccp --dccp-types REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID ; = ; OK
-p dccp -m dccp ! --dccp-types invalid,request,request ; -p dccp -m dccp ! --dccp-types REQUEST,INVALID ; OK
-p dccp -m dccp --dccp-types INV ; ; FAIL
-p dccp -m dccp --dccp-types ALL ; ; FAIL
-p dccp -m dccp --dccp-types 5 ; ; FAIL
-p dccp -m dccp --dccp-option 1 ; = ; OK
-p dccp -m dccp --dccp-option 0 ; ; FAIL
-p dccp -m dccp --dccp-option 256 ; ; FAIL
-p dccp -m dccp ! --dccp-option 0x5 --sport 5 --dccp-types DATA ; -p dccp -m dccp --sport 5 --dccp-types DATA ! --dccp-option 5 ; OK
-m dccp --sport 5 ; ; FAIL
-p dccp --sport 5 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0400000001000001000000010000002a ; yes
-p dccp ! --sport 5 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0400000001000001000000010000002a ; no
-p dccp --dport 7:6 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0400000001000001000000010000002a ; no
-p dccp -m dccp --dccp-types REQUEST ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0400000001000001000000010000002a ; yes
-p dccp -m dccp --dccp-types ACK,DATA ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0300000004000001 ; yes
-p dccp -m dccp ! --dccp-types ACK,DATA ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0300000004000001 ; no
-p dccp -m dccp --dccp-types INVALID ; dccp [fd00::9]:5 > [fd00::1]:6 hex=0300000014000001 ; yes
# Any type without a name is INVALID.
-p dccp -m dccp --dccp-types INVALID ; dccp [fd00::9]:5 > [fd00::1]:6 hex=030000001e000001 ; yes
-p dccp -m dccp --dccp-option 3 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=040000000400000103020000 ; yes
-p dccp -m dccp --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=040000000400000103030400 ; no
-p dccp -m dccp --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=040000000400000100010402 ; yes
-p dccp -m dccp ! --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0300000004000001 ; yes
# The long sequence number, and what a RESPONSE has, stand before the options.
-p dccp -m dccp --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=04000000050000010402000004020000 ; no
-p dccp -m dccp --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=07000000050000010402000004020000000000000402000000 ; yes
-p dccp -m dccp --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=080000000200000104020000000000000000000004020000 ; hotdrop
-p dccp -m dccp --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=07000000020000010402000000000000000000000402000000000000 ; yes
-p dccp -m dccp --dccp-option 4 ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0200000004000001 ; hotdrop
-p dccp -m dccp --dccp-option 4 --dccp-types SYNC ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=0200000004000001 ; no
-p dccp -m dccp ; dccp 10.0.0.9:5 > 10.0.0.1:6 hex=03000000040000 ; hotdrop
-p dccp -m dccp ; dccp 10.0.0.9:5 > 10.0.0.1:6 frag=2 hex=0300000004000001 ; no
# Empty items are overlooked.
-p dccp -m dccp --dccp-types data,,ack, ; -p dccp -m dccp --dccp-types DATA,ACK ; OK
