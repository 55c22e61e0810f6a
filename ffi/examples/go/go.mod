module pointlock.example/swap

go 1.19
