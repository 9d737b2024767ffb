# CT and NOTRACK
:both raw
-j NOTRACK ; = ; OK
-j NOTRACK --zone 5 ; ; FAIL
-j CT ; = ; OK
-j CT --notrack ; = ; OK
-j CT --zone 5 ; = ; OK
-j CT --zone 65536 ; ; FAIL
-j CT --zone mark ; = ; OK
-j CT --zone-orig 5 ; = ; OK
-j CT --zone-reply mark ; = ; OK
-j CT --zone 5 --zone-orig 6 ; -j CT --zone-orig 6 ; OK
# The last number, all directions, and "mark" for good; zone 0 is no zone.
-j CT --zone-reply 63 --zone 64 ; -j CT --zone-reply 64 ; OK
-j CT --zone-orig 5 --zone-reply 63 ; -j CT --zone 63 ; OK
-j CT --zone mark --zone-reply 3 ; -j CT --zone-reply mark ; OK
-j CT --zone 0 ; -j CT ; OK
-j CT --zone-orig 4 --zone 0 ; -j CT ; OK
-j CT --zone +3 ; -j CT --zone 3 ; OK
-j CT --helper "" ; -j CT ; OK
-j CT --helper ftp ; ; FAIL
-p tcp -j CT --helper ftp ; = ; OK
-p tcp -j CT --helper 1234567890123456 ; ; FAIL
-j CT --ctevents new,destroy ; = ; OK
-j CT --ctevents secmark,new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo ; -j CT --ctevents new,related,destroy,reply,assured,protoinfo,helper,mark,natseqinfo,secmark ; OK
-j CT --ctevents none ; ; FAIL
-j CT --ctevents NEW ; ; FAIL
-j CT --expevents new ; = ; OK
-j CT --zone 7 --expevents new --ctevents new ; -j CT --ctevents new --expevents new --zone 7 ; OK
-j CT --notrack --zone 5 ; = ; OK
-j CT --notrack --helper ftp ; = ; OK
-p tcp -j CT --timeout short ; = ; HERE
-j CT --timeout short ; ; FAIL
:both filter
-j CT --notrack ; ; FAIL
-j NOTRACK ; ; FAIL
