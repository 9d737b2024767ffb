# time: hours, days, dates
:both
-m time --timestart 10:00 ; -m time --timestart 10:00:00 --timestop 23:59:59 --datestop 2038-01-19T03:14:07 ; OK
-m time --weekdays Mon,Tu,7 --utc ; -m time --weekdays Mon,Tue,Sun --datestop 2038-01-19T03:14:07 ; OK
-m time ! --weekdays Sa,Su --kerneltz ; -m time --weekdays Mon,Tue,Wed,Thu,Fri --datestop 2038-01-19T03:14:07 --kerneltz ; OK
-m time --monthdays 1,15 --datestart 2020 --datestop 2021-02-03T04:05 ; -m time --monthdays 1,15 --datestart 2020-01-01T00:00:00 --datestop 2021-02-03T04:05:00 ; OK
-m time --timestart 23:00 --timestop 1:00 --contiguous --localtz ; -m time --timestart 23:00:00 --timestop 01:00:00 --datestop 2038-01-19T03:14:07 --kerneltz --contiguous ; OK
-m time --timestart 1:00 --timestop 23:00 --contiguous ; ; FAIL
-m time --timestart 24:00 ; ; FAIL
-m time --weekdays Foo ; ; FAIL
-m time --monthdays 32 ; ; FAIL
-m time --utc --kerneltz ; ; FAIL
-m time --datestop 2039 ; ; FAIL
