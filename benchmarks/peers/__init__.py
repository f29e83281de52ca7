"""Those whom the compiler is raced against, one module each: ``contestants(workload)`` makes them."""
