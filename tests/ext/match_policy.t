# policy: IPsec policies
:both filter INPUT
-m policy --dir in --pol none ; = ; OK
-m policy --dir in --pol ipsec --strict ! --reqid 5 --spi 16 --proto esp --mode transport --next --proto ah ; -m policy --dir in --pol ipsec --strict ! --reqid 5 --spi 0x10 --proto esp --mode transport --next --proto ah ; OK
-m policy --dir in --pol ipsec --next --reqid 5 ; ; FAIL
-m policy --dir in --pol ipsec --strict ; ; FAIL
-m policy --dir in --pol none --reqid 5 ; -m policy --dir in --pol none ; OK
-m policy --dir in --pol none --next ; ; FAIL
-m policy --dir in --pol ipsec --proto tcp ; ; FAIL
-m policy --dir in ; -m policy --dir in --pol ipsec ; OK
-m policy --pol ipsec ; ; FAIL
-m policy --dir out --pol ipsec ; ; FAIL
:4 filter OUTPUT
-m policy --dir out --pol ipsec --strict --mode tunnel --tunnel-src 10.0.0.0/8 --tunnel-dst 10.1.0.0/16 ; -m policy --dir out --pol ipsec --strict --mode tunnel --tunnel-dst 10.1.0.0/16 --tunnel-src 10.0.0.0/8 ; OK
-m policy --dir out --pol ipsec --strict --tunnel-src 10.0.0.0/8 ; ; FAIL
