"""What tests of several rooms share: waiting, processes, programs, models, requests, clocks."""
