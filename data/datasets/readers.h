#pragma once
// The public data sets that can be converted, each read in the layout in which people have it on disk, into a manifest.
// One file a data set; the function at its end is listed here and in registry.cpp.

#include <span>
#include <string>
#include <string_view>

#include "data/datasets/conversion.h"

namespace aio {

struct DatasetReader {
  std::string_view name;
  std::string_view what;  ///< one line for --help
  void (*read)(Conversion& conversion);
};

/// Sorted by name.
std::span<const DatasetReader> dataset_readers();

/// Reads data set `name` and writes its manifest to options.out. Throws Error{config} for an unknown name, with the
/// nearest one; Error{io} when files are missing, naming where they were looked for; Error{format} "file:line: ...".
ConvertReport convert_dataset(const std::string& name, const ConvertOptions& options);

// Pre-training.
void read_webvid(Conversion& conversion);
void read_howto100m(Conversion& conversion);
void read_yttemporal(Conversion& conversion);
void read_ego4d(Conversion& conversion);
void read_cc3m(Conversion& conversion);
void read_cc12m(Conversion& conversion);
// Image and text in Arrow files.
void read_coco(Conversion& conversion);
void read_f30k(Conversion& conversion);
void read_gcc(Conversion& conversion);
void read_sbu(Conversion& conversion);
void read_vg(Conversion& conversion);
void read_vqav2(Conversion& conversion);
void read_nlvr2(Conversion& conversion);
void read_vcr(Conversion& conversion);
// Retrieval.
void read_msrvtt(Conversion& conversion);
void read_msvd(Conversion& conversion);
void read_didemo(Conversion& conversion);
void read_activitynet(Conversion& conversion);
void read_lsmdc(Conversion& conversion);
// Multiple choice.
void read_msrvtt_mc(Conversion& conversion);
void read_lsmdc_mc(Conversion& conversion);
void read_ego4d_mc(Conversion& conversion);
// Questions.
void read_msrvtt_qa(Conversion& conversion);
void read_msvd_qa(Conversion& conversion);
void read_tgif_frameqa(Conversion& conversion);
void read_tgif_action(Conversion& conversion);
void read_tgif_transition(Conversion& conversion);
void read_tgif_count(Conversion& conversion);
void read_tvqa(Conversion& conversion);
// Action recognition.
void read_k400(Conversion& conversion);
void read_hmdb51(Conversion& conversion);
void read_ucf101(Conversion& conversion);
// Captioning.
void read_tvc(Conversion& conversion);
void read_youcook2(Conversion& conversion);

}  // namespace aio
