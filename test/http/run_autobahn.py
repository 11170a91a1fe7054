# Runs Autobahn|Testsuite, which is a program for Python 2.7, from the folder where it was installed:
#
#   python2.7 run_autobahn.py FOLDER -m fuzzingclient -s SPECIFICATION
import site
import sys

site.addsitedir(sys.argv.pop(1))

from autobahntestsuite.wstest import run

run()
