# dccp: ports, types, options
:both
-p dccp -m dccp --sport 5:9 ! --dport 80 ; = ; OK
-p dccp -m dccp --dccp-types REQUEST,INVALID ; = ; OK
-p dccp -m dccp ! --dccp-types reset ; -p dccp -m dccp ! --dccp-types RESET ; OK
-p dccp -m dccp --dccp-option 38 ; = ; OK
-p dccp -m dccp --dccp-types NOSUCH ; ; FAIL
-p dccp -m dccp --dccp-option 256 ; ; FAIL
-m dccp --dccp-types REQUEST ; ; FAIL
