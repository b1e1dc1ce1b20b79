"""What deploys Coinloom elsewhere: the template for AWS, as its resources stand once its loops are carried out."""
