// aio_decode_worker: decodes videos and pictures for the other programs, which start it (data/decode_service.h).

#include "data/decode_service.h"

int main(int argc, char** argv) { return aio::decode_worker_main(argc, argv); }
