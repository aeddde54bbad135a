#!/usr/bin/env bash
# ptxas_report.sh OBJECT COMMAND...: runs the command that compiles OBJECT. What -Xptxas=-v makes ptxas say of each kernel
# (registers, shared memory, spills) goes to OBJECT.ptxas, all else where it went before.
set -u
object=$1
shift
case $object in *.cu.o) ;; *) exec "$@" ;; esac
{ said=$("$@" 2>&1 >&3); } 3>&1
status=$?
of_ptxas='^ptxas info |^ +[0-9]+ bytes stack frame'
grep -E "$of_ptxas" <<<"$said" >"$object.ptxas"
[ -z "$said" ] || grep -vE "$of_ptxas" <<<"$said" >&2
exit $status
