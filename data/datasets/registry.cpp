#include <algorithm>
#include <array>

#include "data/datasets/readers.h"
#include "tensor/edit_distance.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::array kReaders = {
    DatasetReader{"activitynet", "ActivityNet Captions: paragraph to video", read_activitynet},
    DatasetReader{"cc12m", "Conceptual 12M: images and captions", read_cc12m},
    DatasetReader{"cc3m", "Conceptual Captions 3M: images and captions", read_cc3m},
    DatasetReader{"coco", "COCO captions, Karpathy's splits, Arrow files", read_coco},
    DatasetReader{"didemo", "DiDeMo: paragraph to video", read_didemo},
    DatasetReader{"ego4d", "Ego4D narrations: pre-training", read_ego4d},
    DatasetReader{"ego4d_mc", "Ego4D: which narration belongs to the clip", read_ego4d_mc},
    DatasetReader{"f30k", "Flickr30k captions, Karpathy's splits, Arrow files", read_f30k},
    DatasetReader{"gcc", "Conceptual Captions in ViLT's Arrow files", read_gcc},
    DatasetReader{"hmdb51", "HMDB51: 51 actions", read_hmdb51},
    DatasetReader{"howto100m", "HowTo100M: narrated videos", read_howto100m},
    DatasetReader{"k400", "Kinetics-400: 400 actions", read_k400},
    DatasetReader{"lsmdc", "LSMDC: movie descriptions, retrieval", read_lsmdc},
    DatasetReader{"lsmdc_mc", "LSMDC: which description belongs to the clip", read_lsmdc_mc},
    DatasetReader{"msrvtt", "MSRVTT retrieval (--cut jsfusion, miech, full)", read_msrvtt},
    DatasetReader{"msrvtt_mc", "MSRVTT: which caption belongs to the video", read_msrvtt_mc},
    DatasetReader{"msrvtt_qa", "MSRVTT-QA: open-ended questions", read_msrvtt_qa},
    DatasetReader{"msvd", "MSVD retrieval", read_msvd},
    DatasetReader{"msvd_qa", "MSVD-QA: open-ended questions", read_msvd_qa},
    DatasetReader{"nlvr2", "NLVR2: is a sentence true of two images", read_nlvr2},
    DatasetReader{"sbu", "SBU captions, Arrow files", read_sbu},
    DatasetReader{"tgif_action", "TGIF-QA: repeated action, 5 options", read_tgif_action},
    DatasetReader{"tgif_count", "TGIF-QA: how often, a number", read_tgif_count},
    DatasetReader{"tgif_frameqa", "TGIF-QA: open-ended questions on a frame", read_tgif_frameqa},
    DatasetReader{"tgif_transition", "TGIF-QA: state transition, 5 options", read_tgif_transition},
    DatasetReader{"tvc", "TV show captions", read_tvc},
    DatasetReader{"tvqa", "TVQA: questions on TV clips, 5 options", read_tvqa},
    DatasetReader{"ucf101", "UCF101: 101 actions", read_ucf101},
    DatasetReader{"vcr", "VCR: questions on film stills, and reasons for the answers", read_vcr},
    DatasetReader{"vg", "Visual Genome region captions, Arrow file", read_vg},
    DatasetReader{"vqav2", "VQAv2: questions on images with soft answers, Arrow files", read_vqav2},
    DatasetReader{"webvid", "WebVid-2.5M: videos and captions", read_webvid},
    DatasetReader{"youcook2", "YouCook2: recipe steps, captioning", read_youcook2},
    DatasetReader{"yttemporal", "YT-Temporal-180M: narrated videos, denoised transcripts", read_yttemporal},
};

}  // namespace

std::span<const DatasetReader> dataset_readers() { return kReaders; }

ConvertReport convert_dataset(const std::string& name, const ConvertOptions& options) {
  const auto* const nearest = std::min_element(kReaders.begin(), kReaders.end(), [&](const auto& a, const auto& b) {
    return edit_distance(name, a.name) < edit_distance(name, b.name);
  });
  check(nearest->name == name, ErrorCode::config, "convert: no data set \"", name, "\"; the nearest is \"",
        nearest->name, "\", --help lists all");
  ManifestWriter writer(options.out);
  Conversion conversion(name, options, writer);
  nearest->read(conversion);
  return conversion.finish();
}

}  // namespace aio
