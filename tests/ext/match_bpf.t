# bpf: classic programs
:both
-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0" ; = ; OK
-m bpf --bytecode "1,6 0 0 0" ; = ; OK
-m bpf --bytecode "2,6 0 0 0" ; ; FAIL
-m bpf --bytecode "1,48 0 0 9" ; ; FAIL
-m bpf --bytecode "2,5 0 0 9,6 0 0 0" ; ; FAIL
-m bpf --bytecode "0," ; ; FAIL
-m bpf --bytecode "" ; ; FAIL
-m bpf ; ; FAIL
:4
-m bpf --bytecode "4,48 0 0 9,21 0 1 17,6 0 0 1,6 0 0 0" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
# ldxb 4*([0]&0xf); ldh [x+2]; jeq 53
-m bpf --bytecode "5,177 0 0 0,72 0 0 2,21 0 1 53,6 0 0 65535,6 0 0 0" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m bpf --bytecode "5,177 0 0 0,72 0 0 2,21 0 1 54,6 0 0 65535,6 0 0 0" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
# A load outside of the packet ends it with 0.
-m bpf --bytecode "2,32 0 0 1000,6 0 0 1" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
# Length, arithmetic, scratch memory: len * 2 - len = len.
-m bpf --bytecode "8,128 0 0 0,2 0 0 3,36 0 0 2,97 0 0 3,28 0 0 0,21 1 0 28,6 0 0 0,6 0 0 1" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
# --object-pinned names a program of the kernel, which no test has.
