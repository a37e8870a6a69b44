// FedLearn
