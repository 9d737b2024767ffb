# rateest: what -j RATEEST measured; its estimators must exist
:4
-m rateest --rateest A --rateest-lt --rateest-bps 8kbit ; -m rateest --rateest A --rateest-lt --rateest-bps 8000bit ; HERE
-m rateest --rateest-delta --rateest1 A --rateest-pps1 3 ! --rateest-gt --rateest-pps2 4 --rateest2 B ; = ; HERE
-m rateest --rateest1 A --rateest-eq --rateest-bps --rateest2 B ; = ; HERE
-m rateest --rateest A --rateest-lt ; ; FAIL
-m rateest --rateest-lt --rateest-pps 5 ; ; FAIL
-m rateest --rateest A --rateest-lt --rateest-bps 5xyz ; ; FAIL
