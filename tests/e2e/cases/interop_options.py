def expect_one_mounts(*a): pass
